#!/bin/bash
# Killed at every durable step of an extension once more, where memberships are lines of /etc/group and
# /etc/gshadow.
# Runs once
BACKEND=etc-group exec bash "$(dirname "$0")/52-crashes-extending.sh"
