"""The parts of the generation queue: dispatch, fair shares, line, boxes, leases, limits, forecast. Pure."""
