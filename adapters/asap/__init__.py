"""ASAP 4.0 to 5.0: the files in which pharmacies report what they have dispensed.

segments.py       bytes -> segments                  scan.py    is the file whole?
read.py           segments -> records                layout.py  which field holds what
dispensations.py  DSP, CDI -> a record               parties.py PHA, PAT, PRE -> who
values.py         texts -> values
report.py         results -> the submission report   write.py   the report and errors over HTTP
routes.py         POST /asap/submissions
"""

from adapters.asap.adapter import AsapAdapter

ADAPTER = AsapAdapter()

__all__ = ["ADAPTER"]
