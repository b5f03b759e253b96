"""Pure values and rules of booking: no I/O, no clock."""
