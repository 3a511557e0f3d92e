"""Schema of the KDD Cup 99 record: its 41 columns, their values, the labels, and the 53 features made of them.

Source: KDD Cup 1999 Data, UCI KDD Archive (`kddcup.names`, `training_attack_types`). NSL-KDD (Tavallaee et al. 2009,
doi:10.1109/CISDA.2009.5356528) has the same columns and labels, and a difficulty level behind them.

The 53 features are the paper's. They keep the published order, with `service` as a code; the indicators of
`protocol_type` and `flag` follow at the end. The groups of columns are those of the contest's task description
(`task.html`, tables 1 to 3; Lee & Stolfo 2000, doi:10.1145/382912.382914). The group of the last 100 connections to
the same host is described in its text only.
"""

from typing import Any, Final, Literal

Kind = Literal["count", "binary", "rate", "symbol", "level"]
RecordFormat = Literal["kdd99", "nsl_kdd"]

COLUMNS: Final[dict[str, Kind]] = {
    "duration": "count",
    "protocol_type": "symbol",
    "service": "symbol",
    "flag": "symbol",
    "src_bytes": "count",
    "dst_bytes": "count",
    "land": "binary",
    "wrong_fragment": "count",
    "urgent": "count",
    "hot": "count",
    "num_failed_logins": "count",
    "logged_in": "binary",
    "num_compromised": "count",
    "root_shell": "count",
    "su_attempted": "count",
    "num_root": "count",
    "num_file_creations": "count",
    "num_shells": "count",
    "num_access_files": "count",
    "num_outbound_cmds": "count",
    "is_host_login": "binary",
    "is_guest_login": "binary",
    "count": "count",
    "srv_count": "count",
    "serror_rate": "rate",
    "srv_serror_rate": "rate",
    "rerror_rate": "rate",
    "srv_rerror_rate": "rate",
    "same_srv_rate": "rate",
    "diff_srv_rate": "rate",
    "srv_diff_host_rate": "rate",
    "dst_host_count": "count",
    "dst_host_srv_count": "count",
    "dst_host_same_srv_rate": "rate",
    "dst_host_diff_srv_rate": "rate",
    "dst_host_same_src_port_rate": "rate",
    "dst_host_srv_diff_host_rate": "rate",
    "dst_host_serror_rate": "rate",
    "dst_host_srv_serror_rate": "rate",
    "dst_host_rerror_rate": "rate",
    "dst_host_srv_rerror_rate": "rate",
}

_NAMES = tuple(COLUMNS)
# The contest's groups of consecutive columns: the connection itself, its content, the traffic of the two seconds before
# it, and the last connections to its host.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "basic": _NAMES[:9],
    "content": _NAMES[9:22],
    "traffic": _NAMES[22:31],
    "host": _NAMES[31:],
}

# Valid values of each kind, in the words of error messages.
EXPECTED: Final[dict[Kind, str]] = {
    "count": "a whole number, 0 or more",
    "binary": "0 or 1",
    "rate": "a number from 0 to 1",
    "symbol": "a word in UTF-8",
    "level": "a whole number from 0 to 21",
}
# Largest number of each kind; a count has none.
_LARGEST: Final[dict[Kind, int]] = {"binary": 1, "rate": 1, "level": 21}

LABEL: Final = "label"
DIFFICULTY: Final = "difficulty"  # NSL-KDD only: how many of its authors' 21 classifiers were right; no feature
# Fields behind the 41 columns in the lines of a published file.
TRAILING: Final[dict[RecordFormat, tuple[str, ...]]] = {"kdd99": (LABEL,), "nsl_kdd": (LABEL, DIFFICULTY)}

PROTOCOLS: Final = ("icmp", "tcp", "udp")
FLAGS: Final = ("OTH", "REJ", "RSTO", "RSTOS0", "RSTR", "S0", "S1", "S2", "S3", "SF", "SH")
# All 70 services of the full training file, in code-point order: the index of a service is its code.
SERVICES: Final = tuple(
    """
    IRC X11 Z39_50 aol auth bgp courier csnet_ns ctf daytime discard domain domain_u echo eco_i ecr_i efs exec
    finger ftp ftp_data gopher harvest hostnames http http_2784 http_443 http_8001 imap4 iso_tsap klogin kshell
    ldap link login mtp name netbios_dgm netbios_ns netbios_ssn netstat nnsp nntp ntp_u other pm_dump pop_2 pop_3
    printer private red_i remote_job rje shell smtp sql_net ssh sunrpc supdup systat telnet tftp_u tim_i time
    urh_i urp_i uucp uucp_path vmnet whois
    """.split()
)
VOCABULARIES: Final = {"protocol_type": PROTOCOLS, "service": SERVICES, "flag": FLAGS}

NORMAL: Final = "normal"
# The 39 attack types by category of the contest; the training files contain 22 of them, `corrected` 37.
CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "probe": ("ipsweep", "mscan", "nmap", "portsweep", "saint", "satan"),
    "dos": (
        "apache2", "back", "land", "mailbomb", "neptune", "pod", "processtable", "smurf", "teardrop", "udpstorm",
    ),
    "u2r": ("buffer_overflow", "httptunnel", "loadmodule", "perl", "ps", "rootkit", "sqlattack", "xterm"),
    "r2l": (
        "ftp_write", "guess_passwd", "imap", "multihop", "named", "phf", "sendmail", "snmpgetattack", "snmpguess",
        "spy", "warezclient", "warezmaster", "worm", "xlock", "xsnoop",
    ),
}  # fmt: skip
LABELS: Final = (NORMAL, *sorted(attack for attacks in CATEGORIES.values() for attack in attacks))

FEATURES: Final = (
    *(name for name in COLUMNS if name not in ("protocol_type", "flag")),
    *(f"protocol_type_{name}" for name in PROTOCOLS),
    *(f"flag_{name}" for name in FLAGS),
)
N_FEATURES: Final = len(FEATURES)


def in_range(kind: Kind, number: Any) -> Any:
    """Check a number, or each number of an array, against the range of a kind; NaN is out of range.

    >>> in_range("rate", 0.5), in_range("rate", 1.5), in_range("count", 10**9), in_range("count", float("nan"))
    (True, False, True, False)
    """
    return (number >= 0) & (number <= _LARGEST.get(kind, float("inf")))


def group(feature: str) -> str:
    """Find the group of a feature: a column, or an indicator of a symbolic column such as `flag_SF`.

    Raises:
        ValueError: the feature belongs to no column.
    """
    symbols = [name for name, kind in COLUMNS.items() if kind == "symbol" and feature.startswith(f"{name}_")]
    for name, columns in GROUPS.items():
        if not {feature, *symbols}.isdisjoint(columns):
            return name
    raise ValueError(f"found the feature {feature!r}, expected a column of COLUMNS or an indicator of a symbol")
