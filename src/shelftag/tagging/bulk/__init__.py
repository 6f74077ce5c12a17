r"""A bulk job: a catalog of any size -> tags, each distinct name scored once.

    pieces --read, distinct names--> names/*    by hash, in slots          stage `names`
    slots of all pieces --score each once--> answers/*, OUT/names/*        stage `scores`
    pieces --read, gather answers, write--> OUT/tags/*, OUT/errors/*       stage `rows`

What passes between the stages are files in OUT/work, so that any task can run on any machine, and
again: a task that is done leaves a commit, a job that died goes on from them. The driver holds
counts only. It is the partitioned hash join of the database books (Grace, Kitsuregawa et al. 1983),
with a model in the middle.
"""
