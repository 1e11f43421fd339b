"""What streams of events have in common: who follows, who hears of changes, how long they last."""
