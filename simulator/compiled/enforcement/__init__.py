"""The authority and its procedure: inspection, case, decision, sanction, appeal."""
