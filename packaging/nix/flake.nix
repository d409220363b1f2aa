# Not tested with Nix yet. The release fills in version, URL and checksums.
{
  description = "sstop, socktop and socktop-agent";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs = { self, nixpkgs }:
    let
      programs = [ "sstop" "socktop" "socktop-agent" ];
      systems = {
        x86_64-linux = {
          cpu = "amd64";
          sha256 = {
            sstop = "@SUM sstop-linux-amd64.tar.gz@";
            socktop = "@SUM socktop-linux-amd64.tar.gz@";
            socktop-agent = "@SUM socktop-agent-linux-amd64.tar.gz@";
          };
        };
        aarch64-linux = {
          cpu = "arm64";
          sha256 = {
            sstop = "@SUM sstop-linux-arm64.tar.gz@";
            socktop = "@SUM socktop-linux-arm64.tar.gz@";
            socktop-agent = "@SUM socktop-agent-linux-arm64.tar.gz@";
          };
        };
      };
      package = pkgs: system: name:
        let facts = systems.${system};
        in pkgs.stdenv.mkDerivation {
          pname = name;
          version = "@VERSION@";
          src = pkgs.fetchurl {
            url = "@ADDRESS@/${name}-linux-${facts.cpu}.tar.gz";
            sha256 = facts.sha256.${name};
          };
          sourceRoot = ".";
          # Stripping would leave only the plain runtime. Only the loader and the glibc folder are patched.
          dontStrip = true;
          dontPatchELF = true;
          nativeBuildInputs = [ pkgs.patchelf ];
          installPhase = ''
            install -Dm0755 ${name} $out/bin/${name}
            patchelf --set-interpreter ${pkgs.stdenv.cc.bintools.dynamicLinker} --set-rpath ${pkgs.glibc}/lib $out/bin/${name}
          '';
        };
    in {
      packages = builtins.mapAttrs (system: _:
        let
          pkgs = nixpkgs.legacyPackages.${system};
          all = nixpkgs.lib.genAttrs programs (package pkgs system);
        in all // { default = all.sstop; }) systems;
    };
}
