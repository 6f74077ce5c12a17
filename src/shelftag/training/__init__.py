"""Fine-tuning inside one worker: examples, batches, fit, checkpoints."""
