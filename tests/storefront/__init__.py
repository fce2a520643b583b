"""Two small test shops, driven in real Chromium, that leave the evidence a tracking owner would collect.

`record(folder)` writes a clean Scalev launch with one test order; `record(folder, fault="double_sender")` the same
shop with one slip in it; `record(folder, shop="shopify")` the Shopify-like shop. `FAULTS[shop]` holds every slip
by name, each with a sentence that tells its story. Every host is answered in this process: nothing reaches a network.
"""

from .browser import ChromiumMissingError, chromium, chromium_path
from .catalogue import FAULTS
from .faults import Fault
from .recording import Recording, record
from .web_files import Edit

__all__ = ["FAULTS", "ChromiumMissingError", "Edit", "Fault", "Recording", "chromium", "chromium_path", "record"]
