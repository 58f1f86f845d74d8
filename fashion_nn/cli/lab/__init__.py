"""fashion-nn lab: the textbook systems of the reports, on any exercise."""

from fashion_nn.cli.lab import backprop, boundaries, losses, playground, worksheet
from fashion_nn.cli.options import group

app = group("Work through the textbook systems of the reports.")
app.command(epilog=backprop.EXAMPLES)(backprop.backprop)
app.command(epilog=worksheet.EXAMPLES)(worksheet.worksheet)
app.command(epilog=playground.EXAMPLES)(playground.playground)
app.command(epilog=boundaries.EXAMPLES)(boundaries.boundaries)
app.command(epilog=losses.EXAMPLES)(losses.losses)
