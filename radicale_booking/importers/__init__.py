"""What other calendar and booking tools export."""
