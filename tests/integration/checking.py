"""How tests call `check`."""

import json
import os

from tests.integration.command import CommandTest
from tests.integration.program import template
from tests.sim import Inverter, ShellyGen2

ROOF, BARN, SHED = "114182000001", "114182000002", "114182000003"


class CheckCase(CommandTest):
    """A configuration in a folder of its own, and what `check` says of it."""

    def config(self):
        return os.path.join(self.folder, "config.ini")

    def check(self, *options, code=0):
        """The JSON of a run that exits with code."""
        seen, out, err = self.call("check", "--json", *options, self.config())
        self.assertEqual((code, ""), (seen, err), out)
        report = json.loads(out)
        self.assertEqual(code, report["exit"])
        self.assertEqual(0, len(self.client.names()), "nothing may appear on the bus")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "state.json")))
        return report

    def text(self, *options, code=0):
        seen, out, err = self.call("check", *options, self.config())
        self.assertEqual((code, ""), (seen, err), out)
        return out

    def roofs(self, **options):
        return self.opendtu(Inverter(ROOF, "Roof"), Inverter(BARN, "Barn"), **options)

    def device(self, report, section):
        return next(d for d in report["devices"] if d["section"] == section)

    def shelly(self, auth=None):
        return self.gateway(ShellyGen2(self.sun, [Inverter("S1", "S1", strings=1)], auth=auth))

    def shelly_template(self, device, **keys):
        self.configure({"DTU": "template", "NumberOfTemplates": 1}, TEMPLATE0=template(
            50, device.host, "rpc/Switch.GetStatus?id=0", **{"CUST_Power": "apower", **keys}))
