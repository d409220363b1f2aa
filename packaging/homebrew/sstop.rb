# Not tested with Homebrew yet. The release fills in version, URL and checksums.
class Sstop < Formula
  desc "Per-process network bandwidth monitor"
  homepage "@ADDRESS@"
  version "@VERSION@"
  license "MIT"

  on_macos do
    depends_on macos: :ventura
    on_arm do
      url "@ADDRESS@/sstop-darwin-arm64.tar.gz"
      sha256 "@SUM sstop-darwin-arm64.tar.gz@"
    end
    on_intel do
      url "@ADDRESS@/sstop-darwin-amd64.tar.gz"
      sha256 "@SUM sstop-darwin-amd64.tar.gz@"
    end
  end

  on_linux do
    on_arm do
      url "@ADDRESS@/sstop-linux-arm64.tar.gz"
      sha256 "@SUM sstop-linux-arm64.tar.gz@"
    end
    on_intel do
      url "@ADDRESS@/sstop-linux-amd64.tar.gz"
      sha256 "@SUM sstop-linux-amd64.tar.gz@"
    end
  end

  # Stripping would leave only the plain runtime.
  skip_clean "bin/sstop"

  def install
    bin.install "sstop"
    generate_completions_from_executable(bin/"sstop", "--completions")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/sstop --version")
  end
end
