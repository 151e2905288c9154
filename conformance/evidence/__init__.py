"""What remains of a run: redaction, baselines, attestations, documents, exhibits, and findings to send again."""
