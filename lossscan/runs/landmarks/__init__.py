"""Where something is known to happen: epochs, warm-up, resumes, evaluations, checkpoints."""
