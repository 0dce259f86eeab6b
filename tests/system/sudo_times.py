#!/usr/bin/python3
"""How long a person's sudo takes: with the module and without it, in turns.

    sudo_times.py SECONDS PAIRS

Runs in the test's host, as that person. /usr/bin/true goes through the module and must be allowed;
/usr/local/bin/plain is the same program with a PAM stack that has no module in it. Ends after so
many pairs, or so many seconds with three at least. Prints, in ms:

    module MEDIAN P90 SLOWEST plain MEDIAN P90 SLOWEST pairs COUNT refused COUNT
"""
import subprocess
import sys
import time

end = time.monotonic() + float(sys.argv[1])
pairs = int(sys.argv[2])
times = {"/usr/bin/true": [], "/usr/local/bin/plain": []}
refused = 0


def part(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


done = 0
while done < pairs and (time.monotonic() < end or done < 3):
    for program, taken in times.items():
        start = time.monotonic()
        status = subprocess.run(["sudo", "-n", program], stdin=subprocess.DEVNULL).returncode
        taken.append(1000 * (time.monotonic() - start))
        refused += status != 0
    done += 1
module, plain = times.values()
print("module %.1f %.1f %.1f plain %.1f %.1f %.1f pairs %d refused %d" %
      (part(module, 0.5), part(module, 0.9), max(module),
       part(plain, 0.5), part(plain, 0.9), max(plain), done, refused))
