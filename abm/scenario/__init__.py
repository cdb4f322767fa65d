"""What a scenario may say: assumptions, policy and its dates, levers, other futures."""
