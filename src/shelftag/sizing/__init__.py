"""What fits: shapes of models, memory of GPUs, what a config needs of them, and rules between them.

    config --shape_of--> Shape --estimate--> Memory --fits--> yes, or the nearest config that does
                                               rules --'

Nothing here imports torch: an answer takes a fraction of a second.
"""
