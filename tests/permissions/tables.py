"""The tables of the permission matrix: what each persona is answered. They read like the design's, "Who may do what".

200 is a page or a form again, 302 done (or sent to sign in), 400, 411 and 422 allowed but incomplete, 403 seen but not
allowed, 404 not there for them, 405 not offered to anybody, 409 allowed but not now.
"""

# The pages of Acme Producers, by its own people. Olga observes; Carol creates, and is a member of Golden Testers; Alice
# is admin, and manager of the group and the organization. Everybody else is answered 404, and who is not signed in 302.
OWN = """
page                            method observer  creator  admin
account_detail                  GET    200       200      200
account_detail                  POST   405       405      405
account_edit                    GET    403       403      200
account_edit                    POST   403       403      200
account_close                   GET    403       403      200
account_close                   POST   403       403      302
account_leave                   GET    200       200      200
account_leave                   POST   302       302      409
member_invite                   GET    405       405      405
member_invite                   POST   403       403      200
member_role                     GET    403       403      200
member_role                     POST   403       403      200
member_remove                   GET    403       403      200
member_remove                   POST   403       403      302
invitation_revoke               GET    405       405      405
invitation_revoke               POST   403       403      302
account_leave_organization      GET    403       403      200
account_leave_organization      POST   403       403      302
team_list                       GET    200       200      200
team_list                       POST   405       405      405
team_create                     GET    200       200      200
team_create                     POST   200       200      200
team_detail                     GET    404       200      200
team_detail                     POST   405       405      405
team_edit                       GET    404       403      200
team_edit                       POST   404       403      200
team_close                      GET    404       403      200
team_close                      POST   404       403      302
team_leave                      GET    404       200      200
team_leave                      POST   404       302      409
team_invite                     GET    405       405      405
team_invite                     POST   404       403      200
team_member_role                GET    404       403      200
team_member_role                POST   404       403      200
team_member_remove              GET    404       403      200
team_member_remove              POST   404       403      302
team_invitation_revoke          GET    405       405      405
team_invitation_revoke          POST   404       403      302
organization_list               GET    200       200      200
organization_list               POST   405       405      405
organization_create             GET    200       200      200
organization_create             POST   200       200      200
organization_detail             GET    200       200      200
organization_detail             POST   405       405      405
organization_edit               GET    403       403      200
organization_edit               POST   403       403      200
organization_close              GET    403       403      200
organization_close              POST   403       403      302
organization_leave              GET    403       403      200
organization_leave              POST   403       403      409
organization_invite             GET    405       405      405
organization_invite             POST   403       403      200
organization_member_role        GET    403       403      200
organization_member_role        POST   403       403      200
organization_member_remove      GET    403       403      200
organization_member_remove      POST   403       403      302
organization_invitation_revoke  GET    405       405      405
organization_invitation_revoke  POST   403       403      302
organization_account_invite     GET    405       405      405
organization_account_invite     POST   403       403      200
organization_account_remove     GET    403       403      200
organization_account_remove     POST   403       403      302
quota_request                   GET    403       403      409
quota_request                   POST   403       403      409
quota_withdraw                  GET    405       405      405
quota_withdraw                  POST   403       403      302
activity                        GET    200       200      200
activity                        POST   405       405      405
activity_csv                    GET    200       200      200
activity_csv                    POST   405       405      405
activity_json                   GET    200       200      200
activity_json                   POST   405       405      405
feed_make                       GET    405       405      405
feed_make                       POST   200       200      200
feed_revoke                     GET    405       405      405
feed_revoke                     POST   404       302      302
webhook_list                    GET    403       403      200
webhook_list                    POST   405       405      405
webhook_create                  GET    403       403      200
webhook_create                  POST   403       403      422
webhook_detail                  GET    403       403      200
webhook_detail                  POST   405       405      405
webhook_edit                    GET    403       403      200
webhook_edit                    POST   403       403      422
webhook_rotate                  GET    403       403      200
webhook_rotate                  POST   403       403      200
webhook_remove                  GET    403       403      200
webhook_remove                  POST   403       403      302
webhook_pause                   GET    405       405      405
webhook_pause                   POST   403       403      302
webhook_resume                  GET    405       405      405
webhook_resume                  POST   403       403      409
webhook_test                    GET    405       405      405
webhook_test                    POST   403       403      302
delivery_resend                 GET    405       405      405
delivery_resend                 POST   403       403      302
credential_list                 GET    200       200      200
credential_list                 POST   405       405      405
credential_create               GET    200       200      200
credential_create               POST   422       422      422
credential_revoke               GET    404       200      200
credential_revoke               POST   404       302      302
credential_openrc               GET    405       405      405
credential_openrc               POST   404       404      404
credential_clouds               GET    405       405      405
credential_clouds               POST   404       404      404
access_openrc                   GET    200       200      200
access_openrc                   POST   405       405      405
access_clouds                   GET    200       200      200
access_clouds                   POST   405       405      405
server_create                   GET    403       200      200
server_create                   POST   403       422      422
network_ask                     GET    405       405      405
network_ask                     POST   403       302      302
formation_list                  GET    200       200      200
formation_list                  POST   405       405      405
formation_create                GET    403       200      200
formation_create                POST   403       422      422
formation_detail                GET    200       200      200
formation_detail                POST   405       405      405
formation_edit                  GET    403       200      200
formation_edit                  POST   403       422      422
formation_launch                GET    403       200      200
formation_launch                POST   403       302      302
formation_end                   GET    403       200      200
formation_end                   POST   403       302      302
formation_delete                GET    403       200      200
formation_delete                POST   403       302      302
formation_part_add              GET    403       200      200
formation_part_add              POST   403       422      422
formation_part_edit             GET    403       200      200
formation_part_edit             POST   403       422      422
formation_part_remove           GET    405       405      405
formation_part_remove           POST   403       302      302
formation_part_scale            GET    403       200      200
formation_part_scale            POST   403       422      422
image_list                      GET    200       200      200
image_list                      POST   405       405      405
image_upload                    GET    403       200      200
image_upload                    POST   403       422      422
image_import                    GET    403       200      200
image_import                    POST   403       422      422
image_register                  GET    403       200      200
image_register                  POST   403       422      422
image_incoming                  GET    200       200      200
image_incoming                  POST   405       405      405
import_retry                    GET    405       405      405
import_retry                    POST   403       302      302
image_detail                    GET    200       200      200
image_detail                    POST   405       405      405
image_edit                      GET    403       403      200
image_edit                      POST   403       403      422
image_visibility                GET    403       403      200
image_visibility                POST   403       403      200
image_protect                   GET    405       405      405
image_protect                   POST   403       403      302
image_unprotect                 GET    405       405      405
image_unprotect                 POST   403       403      302
image_deactivate                GET    403       403      200
image_deactivate                POST   403       403      302
image_reactivate                GET    405       405      405
image_reactivate                POST   403       403      302
image_delete                    GET    403       403      200
image_delete                    POST   403       403      302
image_download                  GET    200       200      200
image_download                  POST   405       405      405
family_list                     GET    200       200      200
family_list                     POST   405       405      405
family_create                   GET    403       403      200
family_create                   POST   403       403      422
family_detail                   GET    200       200      200
family_detail                   POST   405       405      405
family_edit                     GET    403       403      200
family_edit                     POST   403       403      422
family_add                      GET    403       403      200
family_add                      POST   403       403      422
family_dissolve                 GET    403       403      200
family_dissolve                 POST   403       403      302
family_latest                   GET    302       302      302
family_latest                   POST   405       405      405
family_pin                      GET    405       405      405
family_pin                      POST   403       403      302
family_unpin                    GET    405       405      405
family_unpin                    POST   403       403      302
image_family                    GET    403       403      200
image_family                    POST   403       403      422
image_family_leave              GET    405       405      405
image_family_leave              POST   403       403      302
image_life                      GET    403       403      200
image_life                      POST   403       403      422
image_life_cancel               GET    405       405      405
image_life_cancel               POST   403       403      302
image_copy                      GET    403       200      200
image_copy                      POST   403       422      422
image_hand_over                 GET    403       403      200
image_hand_over                 POST   403       403      422
image_hand_over_cancel          GET    405       405      405
image_hand_over_cancel          POST   403       403      302
hand_over_detail                GET    200       200      200
hand_over_detail                POST   405       405      405
hand_over_accept                GET    405       405      405
hand_over_accept                POST   403       403      302
hand_over_reject                GET    403       403      200
hand_over_reject                POST   403       403      302
versions_take                   GET    405       405      405
versions_take                   POST   403       403      409
versions_stop                   GET    405       405      405
versions_stop                   POST   403       403      302
image_convert                   GET    403       200      200
image_convert                   POST   403       422      422
image_inside                    GET    200       200      200
image_inside                    POST   403       302      302
reference_edit                  GET    403       403      200
reference_edit                  POST   403       403      302
reference_use_theirs            GET    405       405      405
reference_use_theirs            POST   403       403      404
image_hide                      GET    405       405      405
image_hide                      POST   403       403      403
image_unhide                    GET    405       405      405
image_unhide                    POST   302       302      302
reference_add                   GET    405       405      405
reference_add                   POST   403       403      302
reference_remove                GET    405       405      405
reference_remove                POST   403       403      302
upload_collection               GET    403       200      200
upload_collection               POST   403       412      412
upload_collection               OPTIONS 403      204      204
upload_resource                 GET    403       200      200
upload_resource                 HEAD   403       412      412
upload_resource                 POST   405       405      405
upload_resource                 PATCH  403       412      412
upload_resource                 DELETE 403       412      412
upload_discard                  GET    405       405      405
upload_discard                  POST   403       302      302
share_image                     GET    403       200      200
share_image                     POST   403       422      422
share_images                    GET    403       200      200
share_images                    POST   403       200      200
share_recipients                GET    405       405      405
share_recipients                POST   403       200      200
share_suggestions               GET    403       200      200
share_suggestions               POST   405       405      405
share_undo                      GET    405       405      405
share_undo                      POST   403       302      302
share_remove                    GET    403       403      200
share_remove                    POST   403       403      302
image_plan_cancel               GET    405       405      405
image_plan_cancel               POST   403       403      302
image_access                    GET    200       200      200
image_access                    POST   405       405      405
image_access_csv                GET    200       200      200
image_access_csv                POST   405       405      405
share_list                      GET    200       200      200
share_list                      POST   405       405      405
share_list_csv                  GET    200       200      200
share_list_csv                  POST   405       405      405
share_until                     GET    403       200      200
share_until                     POST   403       422      422
share_ask                       GET    405       405      405
share_ask                       POST   403       403      409
share_remind                    GET    405       405      405
share_remind                    POST   403       302      302
share_again                     GET    405       405      405
share_again                     POST   403       302      302
share_leave                     GET    403       403      200
share_leave                     POST   403       403      422
share_by_sign_in                GET    403       200      200
share_by_sign_in                POST   403       422      422
claim_code_create               GET    403       200      200
claim_code_create               POST   403       422      422
claim_code_renew                GET    403       200      200
claim_code_renew                POST   403       422      422
claim_begin                     GET    200       200      200
claim_begin                     POST   422       422      422
claim_confirm                   GET    302       302      302
claim_confirm                   POST   302       302      302
offer_list                      GET    200       200      200
offer_list                      POST   405       405      405
offer_accept                    GET    403       403      200
offer_accept                    POST   403       403      302
offer_accept_all                GET    403       403      200
offer_accept_all                POST   403       403      422
offer_block                     GET    403       403      200
offer_block                     POST   403       403      302
block_remove                    GET    405       405      405
block_remove                    POST   404       404      302
offer_reject                    GET    403       403      200
offer_reject                    POST   403       403      302
offer_dismiss                   GET    405       405      405
offer_dismiss                   POST   302       302      302
trust_add                       GET    405       405      405
trust_add                       POST   404       404      404
trust_remove                    GET    405       405      405
trust_remove                    POST   404       404      302
account_policy                  GET    200       200      200
account_policy                  POST   403       403      422
account_policy_trust            GET    405       405      405
account_policy_trust            POST   403       403      302
organization_policy             GET    200       200      200
organization_policy             POST   403       403      422
organization_policy_trust       GET    405       405      405
organization_policy_trust       POST   403       403      302
organization_rules              GET    200       200      200
organization_rules              POST   403       403      422
organization_approvals          GET    403       403      200
organization_approvals          POST   405       405      405
approval_approve                GET    405       405      405
approval_approve                POST   403       403      302
approval_refuse                 GET    403       403      200
approval_refuse                 POST   403       403      302
approval_withdraw               GET    405       405      405
approval_withdraw               POST   403       302      302
organization_sizes              GET    200       200      200
organization_sizes              POST   403       403      302
organization_budgets            GET    403       403      200
organization_budgets            POST   405       405      405
organization_budget             GET    403       403      200
organization_budget             POST   403       403      422
organization_budget_remove      GET    405       405      405
organization_budget_remove      POST   403       403      302
organization_exposure           GET    403       403      200
organization_exposure           POST   405       405      405
organization_exposure_csv       GET    403       403      200
organization_exposure_csv       POST   405       405      405
organization_exposure_ask       GET    405       405      405
organization_exposure_ask       POST   403       403      302
cloud_key_list                  GET    200       200      200
cloud_key_list                  POST   405       405      405
cloud_key_edit                  GET    403       403      200
cloud_key_edit                  POST   403       403      422
cloud_key_test                  GET    405       405      405
cloud_key_test                  POST   403       403      302
cloud_key_remove                GET    403       403      200
cloud_key_remove                POST   403       403      302
server_list                     GET    200       200      200
server_list                     POST   405       405      405
server_detail                   GET    200       200      200
server_detail                   POST   405       405      405
server_console                  GET    200       200      200
server_console                  POST   405       405      405
server_console_more             GET    200       200      200
server_console_more             POST   405       405      405
server_start                    GET    405       405      405
server_start                    POST   403       302      302
server_stop                     GET    405       405      405
server_stop                     POST   403       302      302
server_reboot                   GET    405       405      405
server_reboot                   POST   403       409      409
server_rebuild                  GET    403       200      200
server_rebuild                  POST   403       302      302
server_image_create             GET    403       200      200
server_image_create             POST   403       422      422
server_image_discard            GET    405       405      405
server_image_discard            POST   403       302      302
server_rename                   GET    403       200      200
server_rename                   POST   403       422      422
server_delete                   GET    403       200      200
server_delete                   POST   403       302      302
image_report                    GET    409      409      409
image_report                    POST   409      409      409
public_ask                      GET    403      403      200
public_ask                      POST   403      403      422
public_withdraw                 GET    405      405      405
public_withdraw                 POST   403      403      409
offers_ask                      GET    403      403      200
offers_ask                      POST   403      403      422
offers_withdraw                 GET    405      405      405
offers_withdraw                 POST   403      403      409
marketplace                     GET    200      200      200
marketplace                     POST   405      405      405
community                       GET    200      200      200
community                       POST   405      405      405
"""

# Somebody else's image, under one's own account. A stranger and a rival (who said no) know nothing of it; Ivy is asked;
# Dave, Cleo and Bob are observer, creator and admin of Beta Consumers, which has it; Erin has it by a group.
# "offer" is an offer to Beta; "@invited" is the one to Ivy, "@rejected" the one that the rival rejected.
RECEIVED = """
page                      method stranger  rival  invited  c-observer  c-creator  c-admin  group
image_detail              GET    404       404    200      200         200        200      200
image_edit                GET    404       404    403      403         403        403      403
image_edit                POST   404       404    403      403         403        403      403
image_visibility          GET    404       404    403      403         403        403      403
image_visibility          POST   404       404    403      403         403        403      403
image_protect             POST   404       404    403      403         403        403      403
image_unprotect           POST   404       404    403      403         403        403      403
image_deactivate          GET    404       404    403      403         403        403      403
image_deactivate          POST   404       404    403      403         403        403      403
image_reactivate          POST   404       404    403      403         403        403      403
image_delete              GET    404       404    403      403         403        403      403
image_delete              POST   404       404    403      403         403        403      403
image_download            GET    404       404    403      200         200        200      200
image_family              GET    404       404    403      403         403        403      403
image_family              POST   404       404    403      403         403        403      403
image_family_leave        POST   404       404    403      403         403        403      403
image_life                GET    404       404    403      403         403        403      403
image_life                POST   404       404    403      403         403        403      403
image_life_cancel         POST   404       404    403      403         403        403      403
image_copy                GET    404       404    403      403         200        200      200
image_copy                POST   404       404    403      403         422        422      422
image_hand_over           GET    404       404    403      403         403        403      403
image_hand_over           POST   404       404    403      403         403        403      403
image_hand_over_cancel    POST   404       404    403      403         403        403      403
image_convert             GET    404       404    403      403         200        200      200
image_convert             POST   404       404    403      403         422        422      422
image_inside              GET    404       404    200      200         200        200      200
image_inside              POST   404       404    403      403         403        403      403
reference_edit            GET    404       404    200      403         403        200      200
reference_edit            POST   404       404    302      403         403        302      302
reference_use_theirs      POST   404       404    404      403         403        404      404
image_hide                POST   404       404    403      403         403        403      302
image_unhide              POST   404       404    302      302         302        302      302
reference_add             POST   404       404    409      403         403        409      409
reference_remove          POST   404       404    302      403         403        302      302
share_image               GET    404       404    403      403         403        403      403
share_image               POST   404       404    403      403         403        403      403
share_remove              GET    404       404    403      403         403        403      403
share_remove              POST   404       404    403      403         403        403      403
image_plan_cancel         POST   404       404    403      403         403        403      403
image_access              GET    404       404    403      403         403        403      403
image_access_csv          GET    404       404    403      403         403        403      403
share_until               GET    404       404    403      403         403        403      403
share_until               POST   404       404    403      403         403        403      403
share_ask                 POST   404       404    403      403         403        409      403
share_remind              POST   404       404    403      403         403        403      403
share_again               POST   404       404    403      403         403        403      403
share_by_sign_in          GET    404       404    403      403         403        403      403
share_by_sign_in          POST   404       404    403      403         403        403      403
claim_code_create         GET    404       404    403      403         403        403      403
claim_code_create         POST   404       404    403      403         403        403      403
claim_code_renew          GET    404       404    403      403         403        403      403
claim_code_renew          POST   404       404    403      403         403        403      403
share_leave               GET    404       404    403      403         403        200      403
share_leave               POST   404       404    403      403         403        422      403
offer_accept              GET    404       404    404      403         403        200      404
offer_accept              POST   404       404    404      403         403        302      404
offer_accept@invited      POST   404       404    302      404         404        404      404
offer_accept@rejected     POST   404       302    404      404         404        404      404
offer_accept_all          GET    404       404    404      403         403        200      404
offer_accept_all          POST   404       404    404      403         403        422      404
offer_accept_all@invited  GET    404       404    200      404         404        404      404
offer_block               GET    404       404    404      403         403        200      404
offer_block               POST   404       404    404      403         403        302      404
offer_block@invited       POST   404       404    302      404         404        404      404
offer_block@rejected      POST   404       302    404      404         404        404      404
offer_reject              GET    404       404    404      403         403        200      404
offer_reject              POST   404       404    404      403         403        302      404
offer_reject@invited      GET    404       404    200      404         404        404      404
offer_reject@invited      POST   404       404    302      404         404        404      404
offer_reject@rejected     GET    404       200    404      404         404        404      404
offer_reject@rejected     POST   404       302    404      404         404        404      404
offer_dismiss             POST   404       404    404      302         302        302      404
offer_dismiss@invited     POST   404       404    302      404         404        404      404
offer_dismiss@rejected    POST   404       302    404      404         404        404      404
approval_withdraw         POST   404       404    404      404         404        404      404
image_report              GET    404       404    200      200         200        200      200
image_report              POST   404       404    422      422         422        422      422
public_ask                GET    404       404    403      403         403        403      403
public_ask                POST   404       404    403      403         403        403      403
public_withdraw           POST   404       404    403      403         403        403      403
"""

# Pages that belong to a person, not to an account. The invitation is Ivy's, the notification Alice's.
PERSONAL = """
page                      method anonymous  stranger  invited  admin  staff  root
home                      GET    302        302       302      302    302    302
home                      POST   302        405       405      405    405    405
claim                     GET    302        302       302      302    302    302
claim                     POST   302        405       405      405    405    405
healthz                   GET    200        200       200      200    200    200
healthz                   POST   405        405       405      405    405    405
setup                     GET    302        302       302      302    302    302
setup                     POST   302        302       302      302    302    302
profile                   GET    302        200       200      200    200    200
profile                   POST   302        200       200      200    200    200
api_reference             GET    302        200       200      200    200    200
api_reference             POST   302        405       405      405    405    405
ssh_key_list              GET    302        200       200      200    200    200
ssh_key_list              POST   302        422       422      422    422    422
ssh_key_remove            GET    302        404       404      200    404    404
ssh_key_remove            POST   302        404       404      302    404    404
theme                     GET    302        405       405      405    405    405
theme                     POST   302        302       302      302    302    302
invitation                GET    302        404       200      404    404    404
invitation                POST   302        405       405      405    405    405
invitation_accept         GET    302        405       405      405    405    405
invitation_accept         POST   302        404       302      404    404    404
invitation_decline        GET    302        405       405      405    405    405
invitation_decline        POST   302        404       302      404    404    404
notification_list         GET    302        200       200      200    200    200
notification_list         POST   302        405       405      405    405    405
notification_read_all     GET    302        405       405      405    405    405
notification_read_all     POST   302        302       302      302    302    302
notification_open         GET    302        405       405      405    405    405
notification_open         POST   302        404       404      302    404    404
feed                      GET    404        404       404      404    404    404
feed                      POST   405        405       405      405    405    405
mail_choice               GET    302        405       405      405    405    405
mail_choice               POST   302        302       302      302    302    302
account_create            GET    302        200       200      200    200    200
account_create            POST   302        200       200      200    200    200
review_desk               GET    302        404       404      404    200    200
review_desk               POST   302        405       405      405    405    405
review_case               GET    302        404       404      404    200    200
review_case               POST   302        405       405      405    405    405
review_take               GET    302        405       405      405    405    405
review_take               POST   302        404       404      404    302    302
review_give_back          GET    302        405       405      405    405    405
review_give_back          POST   302        404       404      404    409    409
review_approve            GET    302        405       405      405    405    405
review_approve            POST   302        404       404      404    302    302
review_reject             GET    302        405       405      405    405    405
review_reject             POST   302        404       404      404    422    422
review_deactivate         GET    302        405       405      405    405    405
review_deactivate         POST   302        404       404      404    302    302
review_reactivate         GET    302        405       405      405    405    405
review_reactivate         POST   302        404       404      404    302    302
review_unlist             GET    302        405       405      405    405    405
review_unlist             POST   302        404       404      404    422    422
review_verify             GET    302        405       405      405    405    405
review_verify             POST   302        404       404      404    302    302
review_unverify           GET    302        405       405      405    405    405
review_unverify           POST   302        404       404      404    409    409
"""

# Pages that are not ours to define, or that have a test of their own.
ELSEWHERE = {
    "account_": "signing in and up, passwords and addresses: allauth's own views, tried in tests/accounts",
    "mfa_": "second factors: allauth's own views, tried in tests/accounts",
    "admin:": "the administration, below: staff only, and reviewers write nothing",
}
