"""What can be extracted: each kind is one declaration, and nothing above this folder needs to name one."""
