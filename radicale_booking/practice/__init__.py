"""An invented organisation to practise on: its people, its calendars, and some weeks of what happened there."""
