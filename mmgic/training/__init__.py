"""Pre-training on packed rows with DeepSpeed: order of rows, batches, schedule, the loop, and its launcher."""
