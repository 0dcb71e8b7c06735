"""All that may use the network. What it brings is vouched for by a checksum, so a section does not depend on this code."""
