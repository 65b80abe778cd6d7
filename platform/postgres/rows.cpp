#include <charconv>

#include "platform/postgres/postgres.hpp"

namespace airi::postgres {

std::optional<std::string> rows::optional_text(std::size_t row, std::size_t column) const {
    return cells_[row * columns_ + column];
}

std::int64_t rows::integer(std::size_t row, std::size_t column) const {
    const auto text = this->text(row, column);
    std::int64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

double rows::number(std::size_t row, std::size_t column) const {
    const auto text = this->text(row, column);
    double out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

namespace {

awaitable<result<rows>> run_alone(database& database, transaction work, bound statement) {
    work.statements.push_back(std::move(statement));
    auto got = co_await database.run(std::move(work));
    if (!got) co_return got.error();
    co_return std::move(got->front());
}

}  // namespace

awaitable<result<rows>> run_one(database& database, std::optional<user_id> caller, bound statement) {
    return run_alone(database, {caller, {}}, std::move(statement));
}

awaitable<result<rows>> run_grouped(database& database, std::string order, bound statement) {
    return run_alone(database, {std::nullopt, {}, std::move(order)}, std::move(statement));
}

}  // namespace airi::postgres
