"""iCalendar bytes to domain values and back."""
