"""What is wrong with a connection, so that a sysadmin knows what to correct."""

from __future__ import annotations

import ssl

#: OpenSSL's numbers for a certificate of another name or address (X509_V_ERR_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH).
_OF_ANOTHER = (62, 64)
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")
_LONGEST = 300


def words(error: Exception, *, host: str, ca_file: str, security: str) -> str:
    """``error`` in one line; ``host``, ``ca_file`` and ``security`` are the names of the settings to look at."""
    found = _words(error, host, ca_file, security)
    return " ".join(found.split())[:_LONGEST]


def _words(error: Exception, host: str, ca_file: str, security: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _OF_ANOTHER:
            return f"its certificate is of another name: {error.verify_message}; {host} has to be a name in it"
        return (f"its certificate cannot be trusted: {error.verify_message}; the authority that signed it can be named "
                f"in {ca_file}")
    if isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
        return f"it does not speak TLS at this port; see {security}"
    return f"{error or type(error).__name__}"
