"""Measures Orquestra, and beside it, in the same run, what else does the same work.

    make bench

`catalogue` lists the benchmarks, one module each, which give rows (`rows`). `systems` holds what is
compared, each behind the contract `systems.contract`; `works` is what all of them do. `report`
writes the rows as JSON, `table` prints them, `picture` draws them. `simulation` runs the executor's
own planning for machines that nobody has here.

No time measured here is asserted anywhere: machines differ, ratios within one run tell.
"""
