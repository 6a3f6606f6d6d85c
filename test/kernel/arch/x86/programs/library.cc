// The C++ library: exceptions through frames that have something to undo, run-time types, containers, streams, conversions.
#include <algorithm>
#include <any>
#include <bitset>
#include <charconv>
#include <complex>
#include <exception>
#include <functional>
#include <iomanip>
#include <iostream>
#include <limits>
#include <list>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <typeinfo>
#include <unordered_map>
#include <variant>

struct Base {
  virtual ~Base() = default;
  virtual const char *name() const { return "base"; }
};
struct Left : virtual Base {
  const char *name() const override { return "left"; }
  long double value = 1.5L;
};
struct Right : virtual Base {
  int number = 3;
};
struct Both : Left, Right {
  const char *name() const override { return "both"; }
};

struct Counted {
  static inline int alive = 0;
  int id;
  explicit Counted(int id) : id(id) {
    if (id == 7) throw std::invalid_argument("seven");
    alive++;
  }
  Counted(const Counted &other) : id(other.id) { alive++; }
  ~Counted() { alive--; }
};

static long double nested(int depth, long double x) {
  Counted here(depth == 3 ? 7 : depth);
  try {
    return depth == 0 ? throw std::range_error("deep") : nested(depth - 1, x / 3) * 2;
  } catch (const std::invalid_argument &) {
    std::throw_with_nested(std::logic_error("at " + std::to_string(depth)));
  }
}

static void unwind(const std::exception &e, int level = 0) {
  std::cout << std::string(level, ' ') << typeid(e).name() << ' ' << e.what() << '\n';
  try {
    std::rethrow_if_nested(e);
  } catch (const std::exception &inner) {
    unwind(inner, level + 1);
  }
}

int main() {
  for (int depth : {2, 5}) {
    try {
      std::cout << nested(depth, 1) << '\n';
    } catch (const std::exception &e) {
      unwind(e);
    }
    std::cout << Counted::alive << " alive\n";
  }
  try {
    std::vector<Counted> many;
    for (int i = 0; i < 10; i++) many.emplace_back(i);
  } catch (...) {
    std::exception_ptr kept = std::current_exception();
    try {
      std::rethrow_exception(kept);
    } catch (const std::invalid_argument &e) {
      std::cout << e.what() << ' ' << Counted::alive << '\n';
    }
  }
  Both both;
  Base *base = &both;
  std::cout << base->name() << ' ' << dynamic_cast<Right *>(base)->number << ' ' << dynamic_cast<Left *>(base)->value << ' '
            << typeid(*base).name() << '\n';
  try {
    Left left;
    dynamic_cast<Right &>(static_cast<Base &>(left)).number++;
  } catch (const std::bad_cast &e) {
    std::cout << e.what() << '\n';
  }
  try {
    std::any_cast<int>(std::any(2.5));
  } catch (const std::bad_any_cast &e) {
    std::cout << e.what() << '\n';
  }
  try {
    std::get<int>(std::variant<int, double>(0.5));
  } catch (const std::bad_variant_access &e) {
    std::cout << e.what() << '\n';
  }

  std::mt19937_64 random(7);
  std::vector<double> numbers(3000);
  std::normal_distribution<double> normal;
  for (double &n : numbers) n = normal(random);
  std::stable_sort(numbers.begin(), numbers.end(), std::greater<>());
  std::cout << std::setprecision(12) << numbers[0] << ' ' << numbers[1500] << ' ' << std::accumulate(numbers.begin(), numbers.end(), 0.0L) << '\n';
  std::unordered_map<std::string, int> words;
  std::istringstream text("the quick brown fox jumps over the lazy dog and the quick cat");
  for (std::string word; text >> word;) words[word]++;
  std::set<std::pair<int, std::string>> order;
  for (auto &[word, n] : words) order.emplace(-n, word);
  for (auto &[n, word] : order) std::cout << word << '=' << -n << ' ';
  std::priority_queue<long> queue;
  for (int i = 0; i < 50; i++) queue.push(i * 37 % 101);
  std::cout << queue.top() << ' ' << std::bitset<20>(0x5a5a5) << '\n';

  for (long double v : {0.1L, 1e-4940L, 1.0L / 3, std::numeric_limits<long double>::max(), -2.5e20L}) {
    char buffer[80], *end = std::to_chars(buffer, buffer + sizeof buffer, v).ptr;
    std::cout << std::string_view(buffer, end - buffer) << ' ' << std::scientific << v << std::defaultfloat << ' ' << std::hexfloat << v
              << std::defaultfloat << ' ' << std::to_string((double)(v < 1e18L ? v : 1)) << '\n';
    double d = v, again = 0;
    end = std::to_chars(buffer, buffer + sizeof buffer, d).ptr;
    std::from_chars(buffer, end, again);
    std::cout << std::string_view(buffer, end - buffer) << ' ' << (again == d) << '\n';
  }
  std::cout << std::setw(12) << std::setfill('*') << std::left << 42 << std::hex << std::showbase << 255 << std::oct << ' ' << 8 << std::dec << '\n';
  std::cout << std::pow(std::complex<long double>(1, 2), 2) << std::polar(2.0, 0.5) << '\n';
  std::cout << std::regex_replace("a1b22c333", std::regex("([a-z])([0-9]+)"), "$2$1;") << ' ' << std::stold("0x1.8p1") << '\n';
  try {
    std::regex("(");
  } catch (const std::regex_error &e) {
    std::cout << e.what() << '\n';
  }
  int status = std::stoi("5");
  try {
    status += std::stoi("99999999999");
  } catch (const std::out_of_range &e) {
    std::cout << e.what() << std::endl;
  }
  return status;
}
