"""``python -m radicale_booking``: the command line."""

from radicale_booking.cli.main import main

main()
