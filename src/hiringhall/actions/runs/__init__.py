"""What runs do: begin, report, end; and what the hall does for those that cannot any more."""
