"""Base models, quantization, adapters, tokens; and the linear model they are measured by."""
