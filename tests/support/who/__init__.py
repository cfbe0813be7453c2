"""WHO's published decision tables, made into concrete children and held against our engine and our own schedule.

`workbook` reads the rows, `wording` what their cells say, `children` makes up histories that are as a row says, and
`settings` says which option of our schedule a table is about. The workbook is WHO's (CC BY-NC-SA 3.0 IGO) and stays
outside the project; nothing of it is copied here.
"""
