"""x"""
def write_report(sweep, study, experiments, parent):
    return "report"
