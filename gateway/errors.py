"""The errors of the gateway, one small tree.

Rules of this file
- An error says its cause and its cure in its text: the command line prints that text as one line.
- Whatever is not a `GatewayError` is a mistake in this program, and is logged with its traceback.
- Who catches an error decides by its class, never by its text.
"""


class GatewayError(Exception):
    """Anything a user can cause or mend; the command line prints it as one line."""


class ConfigError(GatewayError):
    """The configuration file is missing, cannot be read, or says something that cannot be."""


class LinkError(GatewayError):
    """Something between a board and the gateway."""


class LocalProtocolError(LinkError):
    """This program used the link wrongly."""


class RemoteProtocolError(LinkError):
    """A board said something that the wire format does not allow."""


class PortLost(LinkError):
    """A port could not be opened, or is gone; opening it again may help."""


class PortBusy(PortLost):
    """Another program has the port."""


class CalibrationRefused(GatewayError):
    """What a board hears is not what a calibrator gives; nothing was changed."""


class StoreError(GatewayError):
    """The store cannot do what was asked."""


class StoreInUse(StoreError):
    """Another program has the store open."""


class DiskFull(StoreError):
    """No room is left; nothing that was acknowledged is lost."""


class DurabilityError(StoreError):
    """It is not known what reached the disk. Fatal: the process ends, and recovery is the next start."""


class ChunkChanged(StoreError):
    """Bytes of a clip in the store are not those that were put there; the clip can never be sealed."""


class ClipError(GatewayError):
    """The bytes of a clip do not make sound or picture."""


class PackageError(GatewayError):
    """A file is no package, or cannot be read."""


class KeyFileError(GatewayError):
    """A file holds no key that can be used."""


class DeliveryError(GatewayError):
    """A package could not be handed over."""


class Retryable(DeliveryError):
    """The target cannot be reached or has no room now; it is tried again."""


class Rejected(DeliveryError):
    """The target holds something else under the same name; a person has to look."""
