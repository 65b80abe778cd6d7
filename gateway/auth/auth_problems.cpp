#include "gateway/auth/auth_problems.hpp"

namespace airi::gateway {

problem signup_problem(std::string_view outcome) {
    if (outcome == "metadata") return invalid("/metadata", "metadata must have at most 16 KiB and 100 members");
    if (outcome == "birth_date") return invalid("/birth_date", "birth_date must be a date from 1900-01-01 to today");
    if (outcome == "birth_date_needed") return invalid("/birth_date", "birth_date is required");
    if (outcome == "parent_email_needed")
        return invalid("/parent_email", "parent_email is required for children: a parent must consent");
    if (outcome == "parent_email_own")
        return invalid("/parent_email", "parent_email must be a parent's address, not the child's");
    if (outcome == "consents") return invalid("/consents", "consents must not include analytics for minors");
    return {409, "EMAIL_TAKEN", "an account with this email address already exists"};
}

}  // namespace airi::gateway
