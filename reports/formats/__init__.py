"""Machine formats made from `report.json`: JUnit, SARIF, OSCAL, HAR, Arazzo, GitHub and GitLab."""
