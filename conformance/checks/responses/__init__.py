"""What responses give: addresses to visit again, fields to send back, and what none of them may hold."""
