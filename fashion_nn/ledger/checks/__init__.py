"""The families of checks: functions that make a check from its arguments.

The modules of `course` choose among them for each claim.
"""
