"""What things are: plain, frozen data, read and written as JSON."""
