"""Fine-tuning inside one worker: examples, batches, fit, checkpoints.

products.parquet -> Examples -> batches(seed, epoch, step) -> Trainer -> checkpoints
"""
