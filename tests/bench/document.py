"""stub"""
def write(*_a):
    pass
