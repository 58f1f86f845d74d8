"""The families of checks: functions that turn a claim into a finding. The modules of `course` choose among them."""
