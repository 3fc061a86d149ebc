# Sourced by ./fovea and the scripts of eng/, with $root set to the repository. Kept small: every `./fovea …` reads it.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
# The first use of an SDK would put a development certificate into the home folder; nothing here serves with one.
export DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# No process may outlive a build: a server left behind would hold the lock and the terminal of whoever started it.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
# dotnet and NuGet refuse to work without a home, which some CI machines do not set.
if [[ -z ${HOME:-} ]]; then
  export HOME=$root/obj/home
  mkdir -p -- "$HOME"
fi

if ! command -v dotnet >/dev/null; then
  for folder in "${DOTNET_ROOT:-}" "$HOME/.dotnet" /usr/share/dotnet /usr/lib/dotnet; do
    if [[ -x $folder/dotnet ]]; then
      PATH=$folder:$PATH
      break
    fi
  done
fi

say() { printf 'fovea: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# is_stale cli|all: has anything that goes into this build changed since it was made? A deleted file shows in its folder's time.
is_stale() {
  local stamp=$root/obj/$1.stamp made=$root/src/Fovea.Cli/bin/Release/net10.0 watched=("$root/src" "$root/native" "$root/Directory.Build.props" "$root/Directory.Packages.props" "$root/eng/packages.txt")
  [[ $1 == all ]] && watched+=("$root/tests")
  # The stamp names the folder: a build that was moved with its checkout would look elsewhere for its parts.
  [[ -f $stamp && $(<"$stamp") == "$root" ]] || return 0
  [[ -f $made/Fovea.Cli.dll && -f $root/src/Fovea.Web/bin/Release/net10.0/Fovea.Web.dll && -f $made/libfovea_torch.so && -f $made/libfovea_imaging.so ]] || return 0
  [[ -n $(find "${watched[@]}" \( -name bin -o -name obj -o -name node_modules -o -path "$root/native/build" -o -path "$root/src/Fovea.Web/Page" \) -prune -o -newer "$stamp" -print -quit) ]]
}
