"""What a run carries from quarter to quarter, and the tables it leaves."""
