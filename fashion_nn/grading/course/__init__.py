"""The hand-ins of a class: from the download of a learning system to its worksheet.

download, layouts, kinds   the files of a folder or zip, whose they are, and what they are
gradescope_names           the names of students in an export of Gradescope
collecting                 the hand-in of each student, and what is not graded
running, pool              several hand-ins at once, each result stored
server, judging, result    the process that forks one process for each hand-in, and its answer
prediction_files           tables with semicolons and tabs, and Excel files
worksheets, raw_table      the teacher's table, filled
points, causes, ranking    grades, what is wrong in plain words, places
outputs, pages             all that is written
"""
