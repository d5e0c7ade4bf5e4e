# Fetches one distfile as emerge does, by portage's own code over a throw-away configuration.
# Arguments: GENTOO_MIRRORS, DISTDIR, the file's name, size, BLAKE2B and SHA512.

import builtins
import sys
import warnings

# portage 3.0.83 uses it there without importing it
builtins.warnings = warnings

from portage.package.ebuild.config import config
from portage.package.ebuild.fetch import fetch
from portage.tests.resolver.ResolverPlayground import ResolverPlayground

mirrors, distdir, name, size, blake2b, sha512 = sys.argv[1:]
wget = 'wget -q -t 1 -T 20 -O "${DISTDIR}/${FILE}" "${URI}"'
playground = ResolverPlayground(
    user_config={"make.conf": (f'GENTOO_MIRRORS="{mirrors}"', 'FEATURES="-userfetch -userpriv force-mirror"')}
)
try:
    settings = config(clone=playground.settings)
    settings.unlock()
    settings["DISTDIR"] = distdir
    settings["PORTAGE_RO_DISTDIRS"] = ""
    settings["FETCHCOMMAND"] = wget
    settings["RESUMECOMMAND"] = wget.replace("wget", "wget -c", 1)
    digests = {name: {"size": int(size), "BLAKE2B": blake2b, "SHA512": sha512}}
    done = fetch({name: ()}, settings, digests=digests)
finally:
    playground.cleanup()
sys.exit(0 if done else 1)
