# Not tested with Homebrew yet. The release fills in version, URL and checksums.
class Socktop < Formula
  desc "System monitor for local and remote machines"
  homepage "@ADDRESS@"
  version "@VERSION@"
  license "MIT"

  on_macos do
    depends_on macos: :ventura
    on_arm do
      url "@ADDRESS@/socktop-darwin-arm64.tar.gz"
      sha256 "@SUM socktop-darwin-arm64.tar.gz@"
    end
    on_intel do
      url "@ADDRESS@/socktop-darwin-amd64.tar.gz"
      sha256 "@SUM socktop-darwin-amd64.tar.gz@"
    end
  end

  on_linux do
    on_arm do
      url "@ADDRESS@/socktop-linux-arm64.tar.gz"
      sha256 "@SUM socktop-linux-arm64.tar.gz@"
    end
    on_intel do
      url "@ADDRESS@/socktop-linux-amd64.tar.gz"
      sha256 "@SUM socktop-linux-amd64.tar.gz@"
    end
  end

  # Stripping would leave only the plain runtime.
  skip_clean "bin/socktop"

  def install
    bin.install "socktop"
    generate_completions_from_executable(bin/"socktop", "--completions")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/socktop --version")
  end
end
