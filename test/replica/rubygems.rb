# `ruby rubygems.rb DIRECTORY`: a small registry of gems, built by RubyGems itself: gems, specifications and Marshal lists by
# `gem build` and `gem generate_index`, and over them the texts of the compact index. What it writes is recorded.

require "rubygems/package"
require "rubygems/indexer"
require "digest"
require "fileutils"
require "time"

Gem.configuration.verbose = false
ENV["SOURCE_DATE_EPOCH"] = "1714900000"

GEMS = [
  { name: "pip", version: "1.0.0", says: '"pip"' },
  { name: "apple", version: "1.0.4", deps: [["pip", ">= 1", "< 3"]], says: '"red apple > " + Pip.says' },
  # for a Ruby that is not there yet
  { name: "apple", version: "1.1.0", ruby: ">= 99", says: '"an apple to come"' },
  { name: "Stone_Fruit", version: "0.3.1", says: '"stone fruit"' },
  { name: "Stone_Fruit", version: "0.3.1", platform: "x86_64-linux", says: '"stone fruit"' },
  { name: "Stone_Fruit", version: "0.3.1", platform: "java", says: '"stone fruit on java"' },
  { name: "orchard", version: "1.1.0", deps: [["apple", "~> 1.0"]], says: '"an older orchard"' },
  {
    name: "orchard",
    version: "1.2.0",
    deps: [["apple", "~> 1.0"], ["Stone_Fruit", ">= 0.3", "!= 0.3.2"]],
    says: '"orchard > #{Apple.says} and #{StoneFruit.says}"'
  },
  { name: "orchard", version: "2.0.0.rc1", says: '"an orchard to come"' }
].freeze

def module_name(name)
  name.split("_").map(&:capitalize).join
end

def build(gem, folder)
  name = gem[:name]
  sources = { "lib/#{name.downcase}.rb" => +"" }
  requires = (gem[:deps] || []).map { |dep, *| "require #{dep.downcase.dump}\n" }.join
  sources["lib/#{name.downcase}.rb"] << requires << "module #{module_name(name)}\n  def self.says\n    #{gem[:says]}\n  end\nend\n"
  sources["exe/orchard"] = "require \"orchard\"\nputs Orchard.says\n" if name == "orchard"
  Dir.chdir(folder) do
    sources.each do |path, text|
      FileUtils.mkdir_p(File.dirname(path))
      File.write(path, text)
      File.utime(1_714_900_000, 1_714_900_000, path)
    end
    spec = Gem::Specification.new do |s|
      s.name = name
      s.version = gem[:version]
      s.platform = gem[:platform] if gem[:platform]
      s.summary = "A gem of the replica: #{name}"
      s.authors = ["Örtlich"]
      s.homepage = "https://example.org/"
      s.licenses = ["MIT"]
      s.files = sources.keys
      s.bindir = "exe"
      s.executables = ["orchard"] if name == "orchard"
      s.required_ruby_version = gem[:ruby] if gem[:ruby]
      (gem[:deps] || []).each { |dep, *ranges| s.add_runtime_dependency(dep, *ranges) }
      s.add_development_dependency("never-published", "~> 1")
    end
    Gem::Package.build(spec, true)
  end
end

target = File.expand_path(ARGV.fetch(0))
FileUtils.rm_rf(target)
FileUtils.mkdir_p(File.join(target, "gems"))
built = GEMS.map do |gem|
  Dir.mktmpdir do |folder|
    file = build(gem, folder)
    FileUtils.mv(File.join(folder, file), File.join(target, "gems", file))
    file
  end
end
Gem::Indexer.new(target).generate_index

# The compact index: https://guides.rubygems.org/rubygems-org-compact-index-api/
pages = Hash.new { |hash, name| hash[name] = [] }
built.each_with_index do |file, index|
  path = File.join(target, "gems", file)
  spec = Gem::Package.new(path).spec
  full = spec.platform == "ruby" ? spec.version.to_s : "#{spec.version}-#{spec.platform}"
  range = ->(requirement) { requirement.as_list.join("&") }
  deps = spec.runtime_dependencies.sort_by(&:name).map { |dep| "#{dep.name}:#{range.(dep.requirement)}" }.join(",")
  stated = ["checksum:#{Digest::SHA256.file(path).hexdigest}"]
  stated << "ruby:#{range.(spec.required_ruby_version)}" unless spec.required_ruby_version.none?
  stated << "rubygems:#{range.(spec.required_rubygems_version)}" unless spec.required_rubygems_version.none?
  stated << "created_at:#{Time.at(1_714_900_000 + index * 86_400).utc.iso8601}"
  pages[spec.name] << [full, "#{full} #{deps}|#{stated.join(",")}"]
end
FileUtils.mkdir_p(File.join(target, "info"))
listed = pages.sort.map do |name, lines|
  page = "---\n#{lines.map(&:last).join("\n")}\n"
  File.binwrite(File.join(target, "info", name), page)
  "#{name} #{lines.map(&:first).join(",")} #{Digest::MD5.hexdigest(page)}\n"
end
File.binwrite(File.join(target, "versions"), "created_at: 2024-06-01T00:00:05Z\n---\n#{listed.join}")
File.binwrite(File.join(target, "names"), "---\n#{pages.keys.sort.join("\n")}\n")
Dir.glob(File.join(target, "*.4.8")).each { |file| File.delete(file) }
